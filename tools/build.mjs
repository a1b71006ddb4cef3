// Placeholder of the first commit; the real build comes with the command line.
