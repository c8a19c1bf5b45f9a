"""The stories that users of other products told of being locked out, played as what a person does and sees."""
