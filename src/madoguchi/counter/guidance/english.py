"""The guides in English."""

from typing import Final

from madoguchi.counter.guidance.guide import Guide

GUIDES: Final = (
    Guide(
        id="intrusion",
        title="Somebody got into a computer or an account",
        sign="Sign-ins you did not make, files or accounts you do not know, a page that was changed.",
        now=(
            "Take the computer off the network: pull the cable, switch off wireless. Leave it switched on, because much of what shows the way in is only in its memory.",
            "From another computer that you trust, change the password of each account concerned, and of every account with the same password.",
            "End all open sessions of these accounts, and switch on sign-in with a second factor.",
            "Look for what was left behind: mail forwarding, new accounts, new keys, scheduled tasks, changed pages.",
            "Write down what you saw and did, with the time and the time zone.",
            "Report it to us, and tell whoever is responsible for the network.",
        ),
        leave=(
            "Do not reinstall or clean up before logs and traces are copied.",
            "Do not sign in to that computer as an administrator: the password may be taken.",
            "Do not write about it from a mailbox that the attacker may be reading.",
        ),
        keep=(
            "Logs of the computer, the firewall, the proxy and the sign-in service; stop them from being overwritten.",
            "Addresses and host names from which somebody came, with times.",
        ),
    ),
    Guide(
        id="malware",
        title="Malware or ransomware on a computer",
        sign="Files that no longer open, a demand for money, a warning of the protection software, a computer that does things by itself.",
        now=(
            "Take the computer off the network: cable and wireless. Unplug external drives.",
            "Disconnect your backups at once, and connect them again only to clean computers.",
            "Leave the computer switched on. Only if files are being encrypted before your eyes and nothing else stops it, switch it off.",
            "Look whether other computers and shared folders show the same, and take those off the network too.",
            "Photograph what the screen shows. Keep the note with the demand and one or two encrypted files.",
            "Report it to us. From a clean computer, change the passwords that were used on it.",
        ),
        leave=(
            "Do not pay before you have spoken with somebody: paying does not assure that data come back or stay unpublished.",
            "Do not open the file again, and do not send it to anybody by ordinary mail.",
            "Do not restore a backup before you know that the way in is closed.",
        ),
        keep=(
            "The name that the protection software gives, the ending of encrypted files, the text of the demand.",
            "How it came: the mail with all its header fields, or the page it was loaded from.",
        ),
    ),
    Guide(
        id="phishing",
        title="A false page or mail that asks for passwords or payment",
        sign="A mail, message or page in the name of somebody else. Perhaps you have entered something there.",
        now=(
            "If you entered a password: open the real site by typing its address yourself, and change the password there; change it wherever else you use it.",
            "If you entered the number of a card or at a bank: call the issuer at the telephone number on the card.",
            "End all open sessions of that account, and switch on sign-in with a second factor.",
            "If you opened an attached file, follow the steps for malware as well.",
            "If the page imitates your organisation: tell your customers on your own pages, and report the address to us.",
        ),
        leave=(
            "Do not write back, and do not follow the links again.",
            "Do not call a number that stands in the mail or on the page.",
        ),
        keep=(
            "The mail as a file with all its header fields; forward it to us as an attachment.",
            "The full address of the page, and when you saw it.",
        ),
    ),
    Guide(
        id="denial",
        title="A service is flooded and out of reach",
        sign="Far more requests or traffic than ever, pages that no longer load, perhaps a threat beforehand.",
        now=(
            "Call your provider or hosting company: they can filter before your line is full.",
            "Find out what is flooded: the line, one server, or one page. That decides what helps.",
            "Refuse at the edge what the service does not need: protocols, ports, networks.",
            "Limit requests per source, and show a simple fixed page if the application cannot keep up.",
            "Watch sign-ins and other systems meanwhile: a flood sometimes hides something else.",
            "Tell your users by another way what to expect, and report it to us.",
        ),
        leave=(
            "Do not pay if somebody demands it; keep the demand.",
            "Do not strike back at the addresses that you see: they are often forged, or belong to others who were misused.",
        ),
        keep=(
            "Start and end with the time zone, the targets, the kind of traffic, its volume.",
            "Some lines of the log or a short capture of packets.",
        ),
    ),
    Guide(
        id="scan",
        title="Somebody scans or tries passwords",
        sign="Many connections to many ports or addresses, many failed sign-ins.",
        now=(
            "Stay calm: every address on the Internet is scanned each day, and a scan alone does no harm.",
            "Look whether one of the tries succeeded: a sign-in after many failures, new files, new accounts. If so, follow the steps for an intrusion.",
            "Close what need not be reachable from outside, and let the rest be reached only from where it is needed.",
            "Use keys or a second factor instead of passwords alone, and keep the software current.",
            "If the same source goes on, send us the lines of the log.",
        ),
        leave=("Do not scan back. We cannot make others stop; what protects you is what they do not find.",),
        keep=("Lines of the log with source address, port, and time with time zone.",),
    ),
    Guide(
        id="leak",
        title="Data got out, or lie open",
        sign="Documents or customers’ details on a public page, a mail to the wrong person, a lost device, data offered by somebody.",
        now=(
            "Close the way out: take the page or the shared link away, revoke the access, lock the lost device from afar.",
            "Replace at once every password, key or certificate that was among the data.",
            "Find out which data, of how many people, since when, and who could see them.",
            "Ask whoever received them by mistake to delete them, and to confirm it. Ask search engines to remove copies.",
            "If personal data are concerned, see what the law asks of you. In Japan a first notification to the Personal Information Protection Commission may be due within about 3 to 5 days; in the EU the authority is told within 72 hours.",
            "Report it to us: we can ask others to take copies away.",
        ),
        leave=(
            "Do not delete access logs: they show whether anybody has taken the data.",
            "Do not send us the leaked data themselves; where they lie is enough.",
        ),
        keep=(
            "The address where the data were or are, and since when.",
            "Access logs of that time.",
        ),
    ),
)
