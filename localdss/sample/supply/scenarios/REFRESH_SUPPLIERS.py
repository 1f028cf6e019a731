# This scenario is made of steps.
