import datadir
from dataiku.runnables import Runnable


class ClearJobLogs(Runnable):
    """Deletes the folders of jobs that nothing was written to for `age` days."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def get_progress_target(self):
        return 100, "NONE"

    def run(self, progress_callback):
        limit = datadir.before(self.config)
        old = [
            (key, job)
            for key in datadir.projects("jobs", self.project_key, self.config)
            for job in datadir.folders("jobs", key)
            if datadir.is_old(limit, "jobs", key, job)
        ]
        return datadir.sweep("jobs", ("Project", "Job"), old, self.config, progress_callback)
