"""`dataiku.ModelEvaluationStore`: what a check may ask of a store of evaluations."""

from dataiku.core.dataset import split_name


class ModelEvaluationStore:
    def __init__(self, lookup, project_key=None, ignore_flow=False):
        self.project_key, self._id = split_name(lookup, project_key)

    def get_id(self):
        return self._id
