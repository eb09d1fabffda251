"""The web application as granian calls it."""

from django.conf import settings

from madoguchi.config.gate import Gate
from madoguchi.config.options import networks
from madoguchi.config.wsgi import application

gate = Gate(application, proxies=networks(settings.OPTIONS.trusted_proxies))
