"""Macro: what a project lacks to be watched, shown, added and taken back."""

from dataiku.runnables import Runnable

from opsguide import service
from opsguide.render import html


class InstrumentProject(Runnable):
    """Reads and writes with the rights of the person who runs it; changes nothing unless it is asked to."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config
        self.plugin_config = plugin_config

    def get_progress_target(self):
        return (100, "NONE")

    def run(self, progress_callback):
        found = service.macro_in_dss(
            service.instrument, self.project_key, self.config, self.plugin_config, progress_callback
        )
        return html.result(found, service.urls_in_dss(self.project_key, self.plugin_config))
