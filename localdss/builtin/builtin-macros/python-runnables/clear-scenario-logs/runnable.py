import datadir
from dataiku.runnables import Runnable


class ClearScenarioLogs(Runnable):
    """Deletes the folders of scenario runs that nothing was written to for `age` days."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def get_progress_target(self):
        return 100, "NONE"

    def run(self, progress_callback):
        limit = datadir.before(self.config)
        old = [
            (key, scenario, run)
            for key in datadir.projects("scenarios", self.project_key, self.config)
            for scenario in datadir.folders("scenarios", key)
            for run in datadir.folders("scenarios", key, scenario)
            if datadir.is_old(limit, "scenarios", key, scenario, run)
        ]
        return datadir.sweep("scenarios", ("Project", "Scenario", "Run"), old, self.config, progress_callback)
