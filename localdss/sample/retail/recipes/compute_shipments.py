import csv
import io

import dataiku

landing = dataiku.Folder("landing")
shipments = dataiku.Dataset("shipments")

with shipments.get_writer() as writer:
    for path in landing.list_paths_in_partition():
        with landing.get_download_stream(path) as stream:
            for row in csv.DictReader(io.TextIOWrapper(stream, "utf-8")):
                writer.write_row_dict(row)
