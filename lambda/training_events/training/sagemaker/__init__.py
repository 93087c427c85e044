"""Trainings that run as training jobs of SageMaker."""
