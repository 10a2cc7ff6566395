"""Windows' job objects: a process and all that it starts end when the last handle to the job is closed.

https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

import ctypes
import subprocess
import sys

KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMIT_INFORMATION = 9


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION"""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, with its IO_COUNTERS as six numbers"""

    _fields_ = (
        ("Basic", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


if sys.platform == "win32":

    class JobObject:
        """Holds a process that was just started. Raises OSError where Windows refuses."""

        def __init__(self, process: "subprocess.Popen[bytes]") -> None:
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.CreateJobObjectW.restype = ctypes.c_void_p
            self._job: int | None = self._checked(self._kernel.CreateJobObjectW(None, None))
            job, limits = ctypes.c_void_p(self._job), ExtendedLimits()
            limits.Basic.LimitFlags = KILL_ON_JOB_CLOSE
            size = ctypes.sizeof(limits)
            set_limits = self._kernel.SetInformationJobObject
            self._checked(set_limits(job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size))
            handle = ctypes.c_void_p(int(process._handle))  # type: ignore[attr-defined]
            self._checked(self._kernel.AssignProcessToJobObject(job, handle))

        def _checked(self, answer: int) -> int:
            if not answer:
                raise ctypes.WinError(ctypes.get_last_error())
            return answer

        def close(self) -> None:
            """Ends all that is in the job. May be called twice."""
            if self._job is not None:
                self._kernel.CloseHandle(ctypes.c_void_p(self._job))
                self._job = None
