"""Starting trainings that events ask for, in AWS and on a laptop: recipes, and the one decision on each request."""
