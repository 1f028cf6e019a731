"""Incidents: what went wrong, once for each root cause.

For a person: *what fails, is missed or cannot be true opens one incident. What follows from it (the outputs that are
late because a scenario failed, the scenarios that wait for it) is listed in it and opens none of its own. It ends by
itself when the thing is well again. Where the cause lies is inferred, and always called so.*

    symptoms    what is wrong with scenarios, sources, outputs and rules, with its beginning and end
    episodes    the nights in a row in which one scenario went wrong
    grouping    symptoms that follow from one another, as one incident
    journal     what people did about incidents, and those that only their notes remember
    blame       where the cause probably lies
    impact      what waits for it, and who is told
    remedies    errors seen before, and what helped
    escalation  when to call the next person
    changes     what changed since it last went well
    listing     the list as sections, opened the page of one, cells what both show
"""
