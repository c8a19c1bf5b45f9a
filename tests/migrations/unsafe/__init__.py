"""An app's migrations as they must not be. No setting names them: one test lends them to an app."""
