"""`dataiku.Model`: what a check may ask of a saved model."""

from dataiku.core.dataset import split_name


class Model:
    def __init__(self, lookup, project_key=None, ignore_flow=False):
        self.project_key, self._id = split_name(lookup, project_key)

    def get_id(self):
        return self._id

    def get_name(self):
        return next((item["name"] for item in self._project().list_saved_models() if item["id"] == self._id), None)

    def list_versions(self):
        return [{"versionId": item["id"], **item} for item in self._public().list_versions()]

    def _project(self):
        from dataiku import api_client

        return api_client().get_project(self.project_key)

    def _public(self):
        return self._project().get_saved_model(self._id)
