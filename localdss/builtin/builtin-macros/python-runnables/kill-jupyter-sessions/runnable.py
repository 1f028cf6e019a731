import datadir
import dataiku
from dataiku.runnables import ResultTable, Runnable


class KillJupyterSessions(Runnable):
    """Ends notebook sessions that are idle, or open, for longer than allowed, in every project of the instance."""

    def __init__(self, project_key, config, plugin_config):
        self.config = config

    def get_progress_target(self):
        return 100, "NONE"

    def run(self, progress_callback):
        client, now = dataiku.api_client(), datadir.now() * 1000
        table = ResultTable()
        table.set_name("Killed sessions")
        titles = ("Session id", "Notebook project key", "Notebook name")
        for name, title in zip(("session_id", "notebook_project", "notebook_name"), titles):
            table.add_column(name, title, "STRING")
        for notebook in client.list_running_notebooks(as_objects=False):
            for session in notebook["activeSessions"]:
                if self._over(session, now):
                    self._end(client, notebook, session)
                    names = (session.get("projectKey", "?"), session.get("notebookName", "?"))
                    table.add_record([session["sessionId"], *names])
        return table

    def _over(self, session, now):
        if self.config.get("dontKillBusyKernels", True) and session.get("kernelExecutionState") == "busy":
            return False
        if self.config.get("dontKillConnectedKernels", True) and session.get("kernelConnections"):
            return False
        idle = self._exceeds(now - session.get("kernelLastActivityTime", now), "maxIdleTimeHours")
        old = self._exceeds(now - session.get("sessionStartTime", now), "maxSessionAgeHours")
        return idle or old

    def _exceeds(self, milliseconds, name):
        hours = float(self.config.get(name, 0))
        return hours > 0 and milliseconds > hours * 3_600_000

    def _end(self, client, notebook, session):
        # What the form leaves out does not end a kernel; what the form shows first does: its default is off.
        if not self.config.get("simulate", True):
            project = client.get_project(notebook["projectKey"])
            project.get_jupyter_notebook(notebook["name"]).unload(session["sessionId"])
