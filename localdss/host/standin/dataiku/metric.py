"""Types of metric values."""


class MetricDataType:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"MetricDataTypes.{self.name}"


class MetricDataTypes:
    STRING = MetricDataType("STRING")
    DATE = MetricDataType("DATE")
    GEOPOINT = MetricDataType("GEOPOINT")
    GEOMETRY = MetricDataType("GEOMETRY")
    ARRAY = MetricDataType("ARRAY")
    MAP = MetricDataType("MAP")
    OBJECT = MetricDataType("OBJECT")
    DOUBLE = MetricDataType("DOUBLE")
    BOOLEAN = MetricDataType("BOOLEAN")
    FLOAT = MetricDataType("FLOAT")
    BIGINT = MetricDataType("BIGINT")
    INT = MetricDataType("INT")
    SMALLINT = MetricDataType("SMALLINT")
    TINYINT = MetricDataType("TINYINT")
