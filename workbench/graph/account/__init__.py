"""Why a graph is as it is: counts, absences, causes, remedies, neighbours."""
