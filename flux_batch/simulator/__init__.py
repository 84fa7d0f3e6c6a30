"""A local ToAPIs that costs nothing and fails on command.

Import from here: ``Simulator``, ``SimulatorOptions``, ``simulator_thread``, ``serve``, ``banner``, ``fault``,
``load_faults``. The imports are late, because aiohttp alone takes 150 ms.
"""

from __future__ import annotations

from flux_batch.simulator.background import simulator_thread
from flux_batch.simulator.fault_file import BadFault, FaultPlan, fault, load_faults, parse_faults
from flux_batch.simulator.faults import Fault
from flux_batch.simulator.options import SimulatorOptions
from flux_batch.simulator.simulator import Simulator, banner, serve

__all__ = [
    "BadFault",
    "Fault",
    "FaultPlan",
    "Simulator",
    "SimulatorOptions",
    "banner",
    "fault",
    "load_faults",
    "parse_faults",
    "serve",
    "simulator_thread",
]
