"""`dataiku.Dataset` over the public API: rows are streamed, their values cast by the schema as they arrive."""

import itertools
import os


def default_project_key():
    return os.environ["DKU_CURRENT_PROJECT_KEY"]


def split_name(lookup, project_key=None):
    """Project and short name of PROJECT.name, or of a name of the current project."""
    if project_key is None and "." in lookup:
        return tuple(lookup.split(".", 1))
    return project_key or default_project_key(), lookup


class Dataset:
    """A dataset, with the rights of the user this process runs for. Nothing is read before a method asks."""

    def __init__(self, name, project_key=None, ignore_flow=False):
        self.project_key, self.short_name = split_name(name, project_key)
        self.name = f"{self.project_key}.{self.short_name}"
        self.full_name = self.name
        self.ignore_flow = ignore_flow
        self.read_partitions = None
        # Of the dataset as this process writes it: a writer replaces what is there unless this says otherwise. Documented
        # nowhere; published plugins, one of Dataiku's own among them, rest on it.
        self.spec_item = {"appendMode": False}

    @staticmethod
    def list(project_key=None):
        from dataiku import api_client

        items = api_client().get_project(project_key or default_project_key()).list_datasets()
        return [item["name"] for item in items]

    def get_config(self):
        return self._public().get_settings().get_raw()

    def read_schema(self, raise_if_empty=True):
        columns = self._public().get_schema().get("columns") or []
        if raise_if_empty and not columns:
            raise Exception(f"No column in schema of {self.name}.")
        return columns

    def list_partitions(self, raise_if_empty=True):
        partitions = self._public().list_partitions()
        if raise_if_empty and not partitions:
            raise Exception(f"No partitions in {self.name}.")
        return partitions

    def add_read_partitions(self, spec):
        self.read_partitions = [*(self.read_partitions or []), *([spec] if isinstance(spec, str) else spec)]

    def get_location_info(self, sensitive_info=False):
        from dataiku.core import intercom

        return intercom.backend_json("datasets/location", {"projectKey": self.project_key, "name": self.short_name})

    def get_files_info(self, partitions=[]):  # noqa: B006  (as DSS declares it)
        from dataiku.core import intercom

        order = {"projectKey": self.project_key, "name": self.short_name, "partitions": list(partitions)}
        return intercom.backend_json("datasets/files", order)

    def iter_tuples(
        self,
        sampling="head",
        sampling_column=None,
        limit=None,
        ratio=None,
        log_every=-1,
        timeout=30,
        columns=None,
        ascending=True,
    ):
        if sampling != "head" or ratio is not None:
            raise NotImplementedError("the local DSS reads from the head only")
        schema = self.read_schema()
        wanted = [column["name"] for column in schema] if columns is None else list(columns)
        picks = [next(i for i, column in enumerate(schema) if column["name"] == name) for name in wanted]
        rows = self._public().iter_rows(partitions=self.read_partitions)
        for row in itertools.islice(rows, limit):
            yield tuple(row[i] for i in picks)

    def iter_rows(self, *args, columns=None, **kwargs):
        names = [column["name"] for column in self.read_schema()] if columns is None else list(columns)
        for row in self.iter_tuples(*args, columns=names, **kwargs):
            yield dict(zip(names, row))

    def iter_dataframes(self, chunksize=10000, columns=None, limit=None, **_):
        import pandas

        names = [column["name"] for column in self.read_schema()] if columns is None else list(columns)
        rows = self.iter_tuples(columns=names, limit=limit)
        while True:
            chunk = list(itertools.islice(rows, chunksize))
            if not chunk:
                return
            yield pandas.DataFrame.from_records(chunk, columns=names)

    def get_dataframe(self, columns=None, sampling="head", sampling_column=None, limit=None, ratio=None, **_):
        import pandas

        names = [column["name"] for column in self.read_schema()] if columns is None else list(columns)
        rows = self.iter_tuples(sampling, sampling_column, limit, ratio, columns=names)
        return pandas.DataFrame.from_records(list(rows), columns=names)

    def write_schema(self, columns, drop_and_create=False):
        if any(not isinstance(column.get("name"), str) or not column.get("type") for column in columns):
            raise Exception("Columns are dicts with a name and a type")
        schema = {**self._public().get_schema(), "columns": list(columns), "userModified": True}
        self._public().set_schema(schema)
        if drop_and_create:
            self._public().clear()

    def get_writer(self):
        return DatasetWriter(self)

    def write_dataframe(self, df, infer_schema=False, drop_and_create=False, **_):
        if infer_schema:
            self.write_schema([{"name": str(name), "type": _type_of(df[name])} for name in df.columns], drop_and_create)
        with self.get_writer() as writer:
            writer.write_dataframe(df)

    def write_with_schema(self, df, drop_and_create=False, **_):
        self.write_dataframe(df, infer_schema=True, drop_and_create=drop_and_create)

    def get_last_metric_values(self, partition=""):
        return self._public().get_last_metric_values(partition)

    def get_metric_history(self, metric_lookup, partition=""):
        return self._public().get_metric_history(metric_lookup, partition)

    def _public(self):
        from dataiku import api_client

        return api_client().get_project(self.project_key).get_dataset(self.short_name)


def _type_of(column):
    kinds = {"b": "boolean", "i": "bigint", "u": "bigint", "f": "double", "M": "date"}
    return kinds.get(column.dtype.kind, "string")


class DatasetWriter:
    """Takes rows until it is closed; then all of them are there, or none. What was there is replaced, unless the dataset's
    `spec_item["appendMode"]` was on when the writer was made."""

    def __init__(self, dataset):
        self._dataset = dataset
        self._names = [column["name"] for column in dataset.read_schema()]
        self._append = bool(dataset.spec_item.get("appendMode"))
        self._rows = []

    def write_tuple(self, row):
        if len(row) != len(self._names):
            raise ValueError(f"{len(row)} values for {len(self._names)} columns")
        self._rows.append([None if value is None else str(value) for value in row])

    write_row_array = write_tuple

    def write_row_dict(self, row):
        self.write_tuple([row.get(name) for name in self._names])

    def write_dataframe(self, df):
        for row in df.itertuples(index=False):
            self.write_tuple([None if value != value else value for value in row])

    def close(self):
        from dataiku.core import intercom

        if self._rows is None:
            return
        rows, self._rows = self._rows, None
        order = {"projectKey": self._dataset.project_key, "name": self._dataset.short_name, "append": self._append}
        intercom.backend_json("datasets/write", {**order, "rows": rows})

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self.close()
