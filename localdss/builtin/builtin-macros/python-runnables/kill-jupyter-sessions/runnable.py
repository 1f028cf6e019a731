from email.utils import parsedate_to_datetime

import dataiku
from dataiku.runnables import ResultTable, Runnable


class KillJupyterSessions(Runnable):
    """Ends notebook sessions of the project that are idle, or open, for longer than allowed; 0 switches a limit off."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def run(self, progress_callback):
        client = dataiku.api_client()
        # The instance's own clock, not this machine's: sessions are dated by it.
        now = parsedate_to_datetime(client._perform_http("GET", "/instance-info").headers["Date"]).timestamp() * 1000
        table = ResultTable()
        for name, title in (("notebook", "Notebook"), ("session", "Session"), ("user", "User"), ("done", "Result")):
            table.add_column(name, title, "STRING")
        project = client.get_project(self.project_key)
        for notebook in project.list_jupyter_notebooks(active=True, as_type="object"):
            for session in notebook.get_sessions():
                if self._over(session, now):
                    table.add_record(self._end(notebook, session))
        return table

    def _over(self, session, now):
        if self.config.get("dontKillBusyKernels", True) and session.get("kernelExecutionState") == "busy":
            return False
        if self.config.get("dontKillConnectedKernels", True) and session.get("kernelConnections"):
            return False
        idle = self._exceeds(now - session.get("kernelLastActivityTime", now), "maxIdleTimeHours", 24)
        old = self._exceeds(now - session.get("sessionStartTime", now), "maxSessionAgeHours", 48)
        return idle or old

    def _exceeds(self, milliseconds, name, default):
        hours = float(self.config.get(name, default))
        return hours > 0 and milliseconds > hours * 3_600_000

    def _end(self, notebook, session):
        simulate = self.config.get("simulate", False)
        if not simulate:
            notebook.unload(session["sessionId"])
        who = str(session.get("sessionCreator", ""))
        return [notebook.notebook_name, session["sessionId"], who, "would be ended" if simulate else "ended"]
