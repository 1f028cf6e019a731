"""Macro: every project that the caller may see, and the instance, as HTML."""

from dataiku.runnables import Runnable

from opsguide import service
from opsguide.render.portfolio import portfolio_result


class InstanceCheck(Runnable):
    """Reads with the rights of the person who runs it; changes nothing."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config
        self.plugin_config = plugin_config

    def get_progress_target(self):
        return (100, "NONE")

    def run(self, progress_callback):
        found = service.instance_check_in_dss(self.config, self.plugin_config, progress_callback)
        return portfolio_result(found, service.urls_in_dss(self.project_key, self.plugin_config))
