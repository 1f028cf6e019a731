"""Macro: a clean-up of one project, as a plan or as the execution of one."""

from dataiku.runnables import Runnable

from opsguide import service
from opsguide.render import cleanup


class CleanUp(Runnable):
    """Plans; deletes only what a plan named by its id shows, with the rights of the person who runs it."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config
        self.plugin_config = plugin_config

    def get_progress_target(self):
        return (100, "NONE")

    def run(self, progress_callback):
        found = service.clean_up_in_dss(self.project_key, self.config, self.plugin_config, progress_callback)
        return cleanup.report(found, service.urls_in_dss(self.project_key, self.plugin_config))
