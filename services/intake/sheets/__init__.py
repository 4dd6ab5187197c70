"""Workbooks as files (Office Open XML): written from and read into the values of ``domain/workbook``."""
