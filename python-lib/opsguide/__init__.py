"""A live operations guide for Dataiku DSS projects.

Read a project once into a value (`model.snapshot`), judge that value with pure functions (`core`), show the
judgement anywhere (`render`). `service` is where reading, judging and showing meet.
"""

__version__ = "1.0.0"
