"""`dataiku.SQLExecutor2`: a query run by the database itself."""

import json

from dataiku.core import intercom
from dataiku.core.dataset import split_name


class SQLExecutor2:
    """Runs queries on a connection, or on the connection of a dataset."""

    def __init__(self, connection=None, dataset=None):
        if (connection is None) == (dataset is None):
            raise ValueError("Give a connection or a dataset, not both.")
        name = getattr(dataset, "name", dataset)
        self._target = {"connection": connection} if dataset is None else _named(name)

    def query_to_iter(self, query, pre_queries=None, post_queries=None, extra_conf=None, **_):
        return QueryReader({**self._target, "query": query, "preQueries": pre_queries, "postQueries": post_queries})

    def query_to_df(self, query, pre_queries=None, post_queries=None, extra_conf=None, **_):
        import pandas

        reader = self.query_to_iter(query, pre_queries, post_queries)
        columns = [column["name"] for column in reader.get_schema()]
        return pandas.DataFrame.from_records(list(reader.iter_tuples()), columns=columns)


class QueryReader:
    """A running query: its schema first, then its rows as they come."""

    def __init__(self, order):
        self._lines = intercom.backend_stream("sql", order).iter_lines()
        self._schema = json.loads(next(self._lines))["columns"]

    def get_schema(self):
        return self._schema

    def iter_tuples(self):
        for line in self._lines:
            row = json.loads(line)
            if isinstance(row, dict):
                raise Exception(row["error"])
            yield tuple(row)


def _named(name):
    project_key, short_name = split_name(name)
    return {"projectKey": project_key, "dataset": short_name}
