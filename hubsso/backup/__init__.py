"""A backup: everything in the database as it was at one moment, in one file that any of our databases can take in.

`tables` turns rows into lines and back, `archive` is the file, `dump` writes one, `restore` takes one in. The file is
gzip over lines of JSON: a head (what made it), for each table its columns and its rows, and an end with counts and
checksums. Secrets stay sealed in it, so it is of use only to whoever holds the encryption keys; the head tells
whether that is so.
"""

from hubsso.backup.archive import Backup, BackupRefused, read_backup
from hubsso.backup.dump import dump
from hubsso.backup.restore import refuse_foreign, restore
from hubsso.backup.tables import TableSum

__all__ = ["Backup", "BackupRefused", "TableSum", "dump", "read_backup", "refuse_foreign", "restore"]
