"""What is shown, as pure functions of what is known: a file a panel. Texts are finished, in the language wanted."""
