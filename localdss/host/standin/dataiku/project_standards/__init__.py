"""What a check of project standards is made of."""


class ProjectStandardsCheckSpec:
    def __init__(self, original_project_key, project, config, plugin_config):
        self.original_project_key = original_project_key
        self.project = project
        self.config = config
        self.plugin_config = plugin_config

    def run(self):
        raise NotImplementedError


class ProjectStandardsCheckRunResult:
    """Build one with `success`, `failure`, `not_applicable` or `error`."""

    def __init__(self, status, message, severity=None, details=None):
        self.status = status
        self.message = message
        self.severity = severity
        self.details = details

    @classmethod
    def success(cls, message, details=None):
        return cls("SUCCESS", message, details=details)

    @classmethod
    def failure(cls, severity, message, details=None):
        if severity == 0:
            return cls.success(message, details)
        if severity not in range(1, 6):
            raise ValueError("severity goes from 1 to 5")
        return cls("FAILURE", message, severity, details)

    @classmethod
    def not_applicable(cls, message, details=None):
        return cls("NOT_APPLICABLE", message, details=details)

    @classmethod
    def error(cls, message, details=None):
        return cls("ERROR", message, details=details)
