"""The command line, one command a file; `streams.cli` loads a file only when its command runs."""
