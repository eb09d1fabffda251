"""For load balancers: whether the process lives, and whether it can take a report."""

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from madoguchi.lib.keyring import KeyringError
from madoguchi.vault.actions import blind_index, wrapper


def alive(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


def ready(_request: HttpRequest) -> HttpResponse:
    """200 when the keys are held and the database answers; 503 with which of them does not."""
    try:
        wrapper()
        blind_index()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except KeyringError:
        return HttpResponse("the keyring can't be read\n", status=503, content_type="text/plain")
    except Error:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")
