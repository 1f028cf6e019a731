import html

import dataiku
from dataiku.runnables import Runnable


class DeleteModelOldVersions(Runnable):
    """Deletes all but the `keep_versions` newest versions of a model, of which the active one is always kept."""

    def __init__(self, project_key, config, plugin_config):
        self.project_key = project_key
        self.config = config

    def run(self, progress_callback):
        model = dataiku.api_client().get_project(self.project_key).get_saved_model(self.config["model_id"])
        versions = sorted(model.list_versions(), key=lambda version: (not version["active"], -int(version["id"])))
        old = [version["id"] for version in versions[int(self.config.get("keep_versions", 3)) :]]
        perform = self.config.get("perform_deletion", False)
        if perform and old:
            model.delete_versions(old)
        rows = "".join(f"<tr><td>{html.escape(version)}</td></tr>" for version in old)
        did = "Deleted" if perform else "Will delete"
        return f'<div><div>{did} {len(old)} versions.</div><table class="table table-striped">{rows}</table></div>'
