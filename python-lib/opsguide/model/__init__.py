"""The values everything else is made of: observed (`snapshot`), declared (`profile`), concluded (`report`), shown (`guide`).

They are frozen, know no clock, file or network, and import nothing else of ours.
"""
