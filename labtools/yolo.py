"""The one file that imports ultralytics: load, train, predict, measure; its surprises are named and handled here.

Ultralytics acts when it is imported (it reads environment variables, writes a settings file in the home folder,
sets OMP_NUM_THREADS), so it is imported by `_ultralytics()` on first use and never at the top of a file.
"""
