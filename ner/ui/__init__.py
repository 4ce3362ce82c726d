"""The page: a tab for each question, over models that it is given; knows no file formats inside."""
