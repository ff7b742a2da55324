"""The door: one file per command, named as typed. Each loads, calls one room and shows what came back."""
