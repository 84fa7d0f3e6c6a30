"""flux-batch: a declarative batch runner for AI images.

Crash anywhere: no image is paid for twice, no paid image is lost, no budget is passed, no key leaks.
"""

__version__ = "0.1.0"
