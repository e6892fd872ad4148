"""The interface of scripts and notebooks: functions on the store, experiment and run in force."""
