"""What a macro is made of."""

import json

from dataiku.runnables import utils


class Runnable:
    """Base of every macro."""

    def get_progress_target(self):
        return None

    def run(self, progress_callback):
        raise NotImplementedError


class ResultTable:
    """A table as a macro's result; records hold one value a column, in their order."""

    def __init__(self):
        self.name = None
        self.header = None
        self.columns = []
        self.records = []

    def set_name(self, name):
        self.name = name

    def set_header(self, header):
        self.header = header

    def add_column(self, name, display_name, type="STRING"):
        self.columns.append({"name": name, "displayName": display_name, "type": type})

    def add_record(self, record):
        self.records.append(record)

    def to_json(self):
        table = {"name": self.name, "header": self.header, "columns": self.columns, "records": self.records}
        return json.dumps(table)


__all__ = ["ResultTable", "Runnable", "utils"]
