"""Project standards: can this project be operated? It needs an owner, promises, reporters and a reviewed guide."""

from dataiku.project_standards import ProjectStandardsCheckRunResult, ProjectStandardsCheckSpec

from opsguide import service


class OperationsReadiness(ProjectStandardsCheckSpec):
    """Reads the project that DSS hands over, with the rights that the check runs with."""

    def run(self):
        found = service.readiness_in_dss(self.project.project_key, self.config, self.plugin_config)
        if found.status == "failure":
            return ProjectStandardsCheckRunResult.failure(found.severity, found.message, details=found.details)
        if found.status == "success":
            return ProjectStandardsCheckRunResult.success(found.message, details=found.details)
        if found.status == "not_applicable":
            return ProjectStandardsCheckRunResult.not_applicable(found.message)
        return ProjectStandardsCheckRunResult.error(found.message)
