"""The page as a Flask blueprint: `create_blueprint` is all an application needs."""

from .pages import create_blueprint

__all__ = ["create_blueprint"]
