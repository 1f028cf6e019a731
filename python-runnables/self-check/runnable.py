"""Macro: every read of the plugin, tried on this DSS, as HTML."""

from dataiku.runnables import Runnable

from opsguide import service
from opsguide.render.self_check import self_check_result


class SelfCheck(Runnable):
    """Reads with the rights of the person who runs it; changes nothing."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config
        self.plugin_config = plugin_config

    def get_progress_target(self):
        return (100, "NONE")

    def run(self, progress_callback):
        found = service.self_check_in_dss(self.project_key, self.config, self.plugin_config, progress_callback)
        return self_check_result(found, service.urls_in_dss(self.project_key, self.plugin_config))
