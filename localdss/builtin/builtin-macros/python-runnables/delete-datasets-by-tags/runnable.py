import dataiku
from dataiku.runnables import ResultTable, Runnable


class DeleteDatasetsByTags(Runnable):
    """Deletes the datasets whose tags fit, with their data unless told otherwise; only lists them unless told otherwise."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def run(self, progress_callback):
        project, simulate = dataiku.api_client().get_project(self.project_key), self.config.get("simulate", True)
        table = ResultTable()
        table.set_name("Delete datasets by tag")
        table.add_column("dataset", "Dataset to delete" if simulate else "Deleted dataset", "LOCAL_DATASET_WITH_TYPE")
        if not simulate:
            table.add_column("result", "Result", "STRING")
        for dataset in project.list_datasets():
            if self._fits(dataset, "included") and not self._fits(dataset, "excluded"):
                table.add_record([f"{dataset['type']}:{dataset['name']}", *self._delete(project, dataset, simulate)])
        return table

    def _fits(self, dataset, which):
        wanted = set((self.config.get(f"{which}Tags") or "").split(","))
        carried = wanted & set(dataset.get("tags") or ())
        return bool(carried) if self.config.get(f"{which}TagsCombine", "OR") == "OR" else carried == wanted

    def _delete(self, project, dataset, simulate):
        if simulate:
            return []
        try:
            project.get_dataset(dataset["name"]).delete(drop_data=self.config.get("drop_data", True))
        except Exception as failure:  # noqa: BLE001  one that cannot be deleted does not spare the others
            return [f"FAILED: {failure}"]
        return ["SUCCESS"]
