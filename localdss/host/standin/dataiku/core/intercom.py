"""Who this process is to DSS: the ticket in force, the address of the backend, and calls of the package's own."""

import os
import threading

_viewer = threading.local()


def address():
    """Scheme, host and port of the backend that started this process."""
    protocol = os.environ.get("DKU_BACKEND_PROTOCOL", "http")
    return f"{protocol}://{os.environ.get('DKU_BACKEND_HOST', '127.0.0.1')}:{os.environ['DKU_BACKEND_PORT']}"


def ticket():
    """The ticket of the browsing user inside an impersonation context of this thread; else that of the run-as user."""
    return getattr(_viewer, "ticket", None) or os.environ["DKU_API_TICKET"]


class ViewerTicket:
    """Holds a browsing user's ticket for the thread that entered; contexts nest."""

    def __init__(self, value):
        self._value = value

    def __enter__(self):
        self._before = getattr(_viewer, "ticket", None)
        _viewer.ticket = self._value

    def __exit__(self, *_):
        _viewer.ticket = self._before


def backend_stream(path, data):
    """An internal call; a refusal is raised with the backend's own words."""
    import requests

    answer = requests.post(
        f"{address()}/dip/internal/{path}", json=data, headers={"X-DKU-APITicket": ticket()}, stream=True
    )
    if answer.status_code >= 400:
        try:
            message = answer.json()["message"]
        except (ValueError, KeyError, TypeError):
            message = answer.text
        raise Exception(message)
    return answer


def backend_json(path, data):
    return backend_stream(path, data).json()
