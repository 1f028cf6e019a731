"""`dataiku.Folder` over the public API."""

import json

from dataiku.core.dataset import split_name


class Folder:
    """A managed folder, by id or by name."""

    def __init__(self, lookup, project_key=None, ignore_flow=False):
        self.project_key, self._lookup = split_name(lookup, project_key)
        self._found = None

    def get_id(self):
        return self._item()["id"]

    @property
    def short_name(self):
        return self.get_id()

    @property
    def full_name(self):
        return f"{self.project_key}.{self.get_id()}"

    def get_name(self):
        return self._item().get("name")

    def get_info(self, sensitive_info=False):
        return {"id": self.get_id(), "projectKey": self.project_key, "name": self.get_name()}

    def list_paths_in_partition(self, partition=""):
        return [item["path"] for item in self._public().list_contents()["items"]]

    def get_path_details(self, path="/"):
        for item in self._public().list_contents()["items"]:
            if item["path"].strip("/") == path.strip("/"):
                return {"exists": True, "directory": False, "fullPath": item["path"], **item}
        return {"exists": path == "/", "directory": path == "/", "fullPath": path}

    def get_download_stream(self, path):
        return self._public().get_file(path).raw

    def read_json(self, name):
        return json.loads(self.get_download_stream(name).read())

    def upload_stream(self, path, f):
        self._public().put_file(path, f)

    def upload_data(self, path, data):
        self.upload_stream(path, data)

    def write_json(self, name, obj):
        self.upload_data(name, json.dumps(obj).encode("utf-8"))

    def delete_path(self, path):
        self._public().delete_file(path)

    def get_last_metric_values(self, partition=""):
        return self._public().get_last_metric_values()

    def _item(self):
        if self._found is None:
            items = self._project().list_managed_folders()
            self._found = next((item for item in items if self._lookup in (item["id"], item.get("name"))), None)
            if self._found is None:
                raise Exception(f"Managed folder {self._lookup} does not exist in {self.project_key}")
        return self._found

    def _project(self):
        from dataiku import api_client

        return api_client().get_project(self.project_key)

    def _public(self):
        return self._project().get_managed_folder(self.get_id())
