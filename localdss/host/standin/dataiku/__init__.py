"""A stand-in for the package that DSS gives to its components: the same names, over the public API of the local DSS.

Only what a plugin may rely on in DSS 12 to 14 is here; what is missing fails by name."""

import json
import os

from dataiku.core import intercom as _intercom
from dataiku.core.dataset import Dataset, default_project_key
from dataiku.core.folder import Folder
from dataiku.core.model import Model
from dataiku.core.model_evaluation_store import ModelEvaluationStore
from dataiku.core.sql import SQLExecutor2


def api_client():
    """The real public client, with the rights of the user this process runs for (or of the browsing user, inside
    `WebappImpersonationContext`)."""
    import dataikuapi

    return dataikuapi.DSSClient(_intercom.address(), internal_ticket=_intercom.ticket())


def get_custom_variables(project_key=None, typed=False):
    """Resolved variables: instance, project, local. Text unless `typed`."""
    return api_client().get_resolved_variables(project_key or default_project_key(), typed=typed)


def get_flow_variables():
    return json.loads(os.environ.get("DKUFLOW_VARIABLES", "{}"))


def set_default_project_key(project_key):
    os.environ["DKU_CURRENT_PROJECT_KEY"] = project_key


class WebappImpersonationContext:
    """Calls made in this thread act for the browsing user. Where no ticket is to be had they go on as the run-as user,
    silently: that is what DSS does, and why code must look at who it is."""

    def __enter__(self):
        self._context = _intercom.ViewerTicket(_browser_ticket())
        self._context.__enter__()

    def __exit__(self, *raised):
        self._context.__exit__(*raised)


def _browser_ticket():
    from dataikuapi.utils import DataikuException
    from flask import request

    try:
        return api_client().get_ticket_from_browser_headers(dict(request.headers))
    except DataikuException as refused:
        print(f"No ticket for the browsing user: {refused}")
        return None


__all__ = [
    "Dataset",
    "Folder",
    "Model",
    "ModelEvaluationStore",
    "SQLExecutor2",
    "WebappImpersonationContext",
    "api_client",
    "default_project_key",
    "get_custom_variables",
    "get_flow_variables",
    "set_default_project_key",
]
