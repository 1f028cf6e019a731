import os
import shutil

import datadir
from dataiku.runnables import ResultTable, Runnable


class RemoveOldExports(Runnable):
    """Deletes exports of every project, whichever it is run in, that are older than `age` days."""

    def __init__(self, project_key, config, plugin_config):
        self.config = config

    def run(self, progress_callback):
        now, limit = datadir.now(), datadir.before(self.config)
        table = ResultTable()
        table.set_name("Removed exports")
        for name, title in (("id", "Export identifier"), ("age", "Age (days)"), ("size", "Size (KB)")):
            table.add_column(name, title, "STRING")
        for export in datadir.folders("exports"):
            if datadir.is_old(limit, "exports", export):
                folder = os.path.join(datadir.HOME, "exports", export)
                age, size = now - os.stat(folder).st_mtime, datadir.size_of(folder)
                if not self.config.get("simulate", False):
                    shutil.rmtree(folder)
                table.add_record([export, int(age / 86_400), size / 1024])
        return table
