import datadir
from dataiku.runnables import Runnable


class ClearContinuousActivityLogs(Runnable):
    """Deletes the folders of runs of continuous activities that nothing was written to for `age` days."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def get_progress_target(self):
        return 100, "NONE"

    def run(self, progress_callback):
        limit = datadir.before(self.config)
        old = [
            (key, recipe, "runs", run)
            for key in datadir.projects("streaming-logs", self.project_key, self.config)
            for recipe in datadir.folders("streaming-logs", key)
            for run in datadir.folders("streaming-logs", key, recipe, "runs")
            if datadir.is_old(limit, "streaming-logs", key, recipe, "runs", run)
        ]
        headers = ("Project", "recipe", "", "run")
        return datadir.sweep("streaming-logs", headers, old, self.config, progress_callback)
