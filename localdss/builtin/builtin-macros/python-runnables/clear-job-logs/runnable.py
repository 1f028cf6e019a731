import retention
from dataiku.runnables import Runnable


class ClearJobLogs(Runnable):
    """Deletes the logs of jobs that ended long ago."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def get_progress_target(self):
        return 100, "NONE"

    def run(self, progress_callback):
        return retention.sweep("jobs", self.project_key, self.config, progress_callback)
